"""Damaged and odd files: one sentence each, never a crash, never memory for what is not there."""

import gzip
import random
import tracemalloc

import numpy as np
import pytest

from labelcritic_gui.core.errors import UnreadableFileError, UserError
from labelcritic_gui.formats import nifti

nib = pytest.importorskip("nibabel")

READERS = (
    nifti.read_geometry,
    nifti.load_ct,
    nifti.load_mask,
    nifti.count_values,
    lambda path: nifti.load_label_map(path, [1, 2, 3]),
)


@pytest.fixture
def plain(tmp_path):
    array = np.random.default_rng(3).integers(0, 4, (16, 17, 18)).astype(np.int16)
    nib.save(nib.Nifti1Image(array, np.diag([-1.0, -1, 2, 1])), tmp_path / "a.nii")
    return (tmp_path / "a.nii").read_bytes()


def refused(path, match):
    for read in READERS:
        with pytest.raises(UnreadableFileError, match=match) as caught:
            read(path)
        assert str(path) in caught.value.message
        assert caught.value.hint


def test_that_a_missing_file_is_named(tmp_path):
    refused(tmp_path / "no.nii.gz", "does not exist")
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        nifti.file_sha256(tmp_path / "no.nii.gz")


def test_that_a_folder_is_no_image(tmp_path):
    (tmp_path / "x.nii.gz").mkdir()
    refused(tmp_path / "x.nii.gz", "cannot be opened")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("e.nii.gz", b"", "is empty"),
        ("e.nii", b"", "is empty"),
        ("t.nii.gz", b"not an image\n" * 99, "not compressed by gzip"),
        ("t.nii", b"not an image\n" * 99, "not a NIfTI file"),
        ("s.nii", b"\x5c\x01\0\0", "not a NIfTI file"),
        ("g.nii.gz", b"\x1f\x8b\x08\0", "truncated|damaged"),
        ("h.nii.gz", b"\x1f\x8bgarbage", "truncated|damaged"),
        ("z.nii.gz", gzip.compress(b"short", mtime=0), "not a NIfTI file"),
    ],
)
def test_that_what_is_no_nifti_is_refused(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, match)


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("packed", [False, True])
def test_that_a_file_cut_off_at_any_tenth_is_refused(tmp_path, plain, tenth, packed):
    path = tmp_path / ("cut.nii.gz" if packed else "cut.nii")
    whole = gzip.compress(plain) if packed else plain
    path.write_bytes(whole[: len(whole) * tenth // 10])
    for read in READERS[1:]:
        with pytest.raises(UnreadableFileError):
            read(path)


def test_that_a_missing_last_byte_of_the_checksum_is_noticed(tmp_path, plain):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(plain)[:-1])
    for read in READERS[1:]:
        with pytest.raises(UnreadableFileError):
            read(tmp_path / "a.nii.gz")


def test_that_a_wrong_checksum_is_noticed(tmp_path, plain):
    packed = bytearray(gzip.compress(plain))
    packed[-8] ^= 1
    (tmp_path / "a.nii.gz").write_bytes(packed)
    for read in READERS[1:]:
        with pytest.raises(UnreadableFileError, match="damaged"):
            read(tmp_path / "a.nii.gz")


def patched(plain, offset, fmt, *values):
    raw = bytearray(plain)
    part = np.array(values, dtype=fmt).tobytes()
    raw[offset : offset + len(part)] = part
    return bytes(raw)


@pytest.mark.parametrize(
    ("offset", "fmt", "values", "match"),
    [
        (42, "<i2", (-5,), "damaged header"),
        (42, "<i2", (0,), "damaged header"),
        (40, "<i2", (9,), "damaged header"),
        (42, "<i2", (32767, 32767, 32767), "do not fit into its"),
        (40, "<i2", (4, 16, 17, 9, 2), "4 dimensions"),
        (40, "<i2", (5, 16, 17, 9, 1, 2), "5 dimensions"),
        (40, "<i2", (2, 16, 17), "2 dimensions"),
        (70, "<i2", (128,), "RGB colours"),
        (70, "<i2", (32,), "complex64"),
        (70, "<i2", (2304,), "RGBA"),
        (70, "<i2", (1,), "single bits"),
        (70, "<i2", (99,), "code 99"),
        (108, "<f4", (0.0,), "start at byte 0"),
        (108, "<f4", (np.nan,), "start at byte nan"),
        (108, "<f4", (352.5,), "start at byte"),
        (116, "<f4", (np.nan,), "intercept"),
        (280, "<f4", (np.nan,), "place voxels"),
        (280, "<f4", (0.0,), "place voxels"),
        (280, "<f4", (1e30,), "place voxels"),
        (344, "S4", (b"ni1",), "separate .img"),
        (344, "S4", (b"",), "Analyze"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_that_an_absurd_header_is_refused_with_what_is_wrong(tmp_path, plain, packed, offset, fmt, values, match):
    path = tmp_path / ("x.nii.gz" if packed else "x.nii")
    broken = patched(plain, offset, fmt, *values)
    if offset == 116:
        broken = patched(broken, 112, "<f4", 2.0)
    path.write_bytes(gzip.compress(broken) if packed else broken)
    refused(path, match)


def test_that_flipped_header_bytes_never_crash_nor_ask_for_absurd_memory(tmp_path, plain):
    rng = random.Random(5)
    path = tmp_path / "f.nii"
    refusals = 0
    tracemalloc.start()
    for _ in range(250):
        raw = bytearray(plain)
        for _ in range(rng.choice((1, 1, 2, 4))):
            raw[rng.randrange(352)] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        path.write_bytes(raw)
        for read in READERS:
            try:
                read(path)
            except UserError:
                refusals += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refusals > 30
    assert peak < 20e6


def test_that_flipped_compressed_bytes_never_crash(tmp_path, plain):
    rng = random.Random(6)
    path = tmp_path / "f.nii.gz"
    packed = gzip.compress(plain)
    messages = []
    for _ in range(200):
        raw = bytearray(packed)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        path.write_bytes(raw)
        for read in READERS[:3]:
            try:
                read(path)
            except UserError as problem:
                messages.append(problem.message)
    assert len(messages) > 50
    assert all(str(path) in message for message in messages)


def test_that_several_gzip_members_and_trailing_bytes_are_read_through(tmp_path, plain):
    whole = plain + b"\0" * 1000
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(whole[:3000]) + gzip.compress(whole[3000:]))
    (tmp_path / "b.nii").write_bytes(plain)
    one, two = nifti.load_ct(tmp_path / "a.nii.gz"), nifti.load_ct(tmp_path / "b.nii")
    assert np.array_equal(one.voxels, two.voxels)


def test_that_an_extension_between_header_and_voxels_is_skipped(tmp_path, plain):
    shifted = patched(plain, 108, "<f4", 352.0 + 4096)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(shifted[:352] + b"x" * 4096 + shifted[352:]))
    (tmp_path / "b.nii").write_bytes(plain)
    assert np.array_equal(nifti.load_ct(tmp_path / "a.nii.gz").voxels, nifti.load_ct(tmp_path / "b.nii").voxels)


def test_that_memory_that_is_not_there_is_said_in_a_sentence(tmp_path, plain, monkeypatch):
    (tmp_path / "b.nii").write_bytes(plain)
    real = np.empty

    def scarce(shape, *args, **kwargs):
        if np.prod(shape) > 4000:
            raise MemoryError
        return real(shape, *args, **kwargs)

    monkeypatch.setattr(np, "empty", scarce)
    with pytest.raises(UnreadableFileError, match="memory"):
        nifti.load_ct(tmp_path / "b.nii")


def test_that_without_isals_own_reader_the_public_one_reads_and_checks_the_same(tmp_path, plain, monkeypatch):
    packed = gzip.compress(plain)
    (tmp_path / "a.nii.gz").write_bytes(packed)
    (tmp_path / "cut.nii.gz").write_bytes(packed[:-5])
    (tmp_path / "bad.nii.gz").write_bytes(packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:])
    expected = nifti.load_ct(tmp_path / "a.nii.gz")
    monkeypatch.setattr("labelcritic_gui.formats.nifti_stream._quick_reader", lambda: None)
    assert np.array_equal(nifti.load_ct(tmp_path / "a.nii.gz").voxels, expected.voxels)
    for name in ("cut", "bad"):
        with pytest.raises(UnreadableFileError):
            nifti.load_ct(tmp_path / f"{name}.nii.gz")

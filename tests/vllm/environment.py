"""The real vLLM that the tests of marker `vllm` start: installed once in an environment of its own, and a tiny model.

    python -m tests.vllm.environment [COMMAND ...]

makes sure that both are there, in one sentence says why they cannot be had (exit 2), and runs the command with the
variables by which tests find them. vLLM is never installed into the program's own environment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPE = Path(__file__).resolve().parent / "recipe"
FOLDER_VARIABLE = "LABELCRITIC_VLLM_DIR"
"""Where the environment and the models are kept; `.vllm` beside the checkout's `.venv` when not set."""
URL_VARIABLE = "LABELCRITIC_VLLM_URL"
"""A server that runs already, for the tests that do not stop it."""
PROGRAM_VARIABLE, MODEL_VARIABLE = "LABELCRITIC_VLLM", "LABELCRITIC_VLLM_MODEL_DIR"
"""By these the tests of `labelcritic serve` find the program and the model's folder."""
VERSION = "0.32.0"
TORCH = ("torch==2.13.0+cpu", "torchvision==0.28.0")
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of CPU builds: PyPI's torch is built for CUDA and loads nowhere else."""
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # else the first request with probabilities compiles C++ for 8 to 17 s, and kills the engine without a compiler
    "TORCHDYNAMO_DISABLE": "1",
}
"""Environment variables of a server of these tests: nothing is looked up or reported anywhere."""


class UnavailableError(Exception):
    """Why there is no vLLM here, in one sentence."""


@dataclass(frozen=True)
class Environment:
    """Where vLLM and its models are."""

    folder: Path

    @property
    def python(self) -> Path:
        """vLLM's own Python."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def program(self) -> Path:
        """The program `vllm`."""
        return self.folder / "venv" / "bin" / "vllm"

    @property
    def installed(self) -> bool:
        """Say whether vLLM is there whole; one that somebody else put there is taken as it is."""
        return self.program.exists() and not self._unfinished.exists()

    @property
    def _unfinished(self) -> Path:
        return self.folder / "unfinished"

    def model(self, architecture: str = "qwen2_vl") -> Path:
        """Return the folder of a tiny model; it is made when it is not there yet (5 s)."""
        maker = RECIPE / "make_checkpoint.py"
        made = self.folder / "models" / f"{architecture}-{hashlib.sha256(maker.read_bytes()).hexdigest()[:12]}"
        if made.is_dir():
            return made
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
            fresh = Path(scratch) / "model"
            _run([self.python, maker, fresh, "--architecture", architecture], "The tiny model could not be made")
            fresh.rename(made)
        return made

    def install(self) -> None:
        """Install vLLM unless it is there; raises UnavailableError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _alone(self.folder / "lock"):
            if self.installed:
                return
            print(
                f"Installing vLLM {VERSION} for CPU into {self.folder} (once: some 450 MB, about 2 minutes).",
                flush=True,
            )
            shutil.rmtree(self.folder / "venv", ignore_errors=True)
            self._unfinished.touch()
            _run([sys.executable, "-m", "venv", self.folder / "venv"], "No environment could be made for vLLM")
            self._install_torch()
            self._pip("-r", str(RECIPE / "requirements.txt"), problem=f"vLLM {VERSION} could not be installed")
            self._complete()
            check: list[str | Path] = [self.python, "-c", "import torchvision, vllm.entrypoints.cli.main"]
            _run(check, f"vLLM {VERSION} was installed and does not start")
            self._unfinished.unlink()

    def _install_torch(self) -> None:
        """Install torch's CPU build: from where pip looks anyway, else from PyTorch's own index."""
        problem = "torch's CPU build could not be installed"
        try:
            self._pip(*TORCH, problem=problem)
        except UnavailableError:
            self._pip("--index-url", CPU_WHEELS, *TORCH, problem=problem)

    def _pip(self, *what: str, problem: str) -> None:
        _run([self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", *what], problem)

    def _complete(self) -> None:
        """Add what the CPU package lacks: the name its command line looks itself up by, and torchvision's operators."""
        asked: list[str | Path] = [self.python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
        site = Path(_run(asked, "vLLM's environment is broken").strip())
        named = site / f"vllm-{VERSION}+cpu.dist-info"
        named.mkdir(exist_ok=True)
        (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n")
        if subprocess.run([self.python, "-c", "import torchvision"], capture_output=True, check=False).returncode:
            shutil.copy(RECIPE / "torchvision_shim.py", site)
            (site / "torchvision_shim.pth").write_text("import torchvision_shim\n")


def here() -> Environment:
    """Return where vLLM is, or will be."""
    return Environment(Path(os.environ.get(FOLDER_VARIABLE) or ROOT / ".vllm").resolve())


def variables(environment: Environment) -> dict[str, str]:
    """Return the variables by which tests find vLLM and its model, and under which it runs."""
    return {
        **SETTINGS,
        FOLDER_VARIABLE: str(environment.folder),
        PROGRAM_VARIABLE: str(environment.program),
        MODEL_VARIABLE: str(environment.model()),
    }


def _run(command: Sequence[str | Path], problem: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UnavailableError(f"{problem}: {error.strerror}.") from error
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["no reason given"]
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise UnavailableError(f"{problem}: {errors[-1].strip()[:300]}")
    return done.stdout


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Let one process at a time install."""
    import fcntl  # tests are also collected where there is none

    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main(command: list[str]) -> int:
    """Install, then become the command."""
    environment = here()
    try:
        if sys.platform != "linux":
            raise UnavailableError("vLLM's CPU build runs on Linux only.")
        environment.install()
        found = variables(environment)
    except (UnavailableError, OSError) as error:
        if not os.environ.get(URL_VARIABLE):
            print(f"There is no vLLM to test against: {error}", file=sys.stderr)
            return 2
        print(f"Only the server that {URL_VARIABLE} names is tested, none is started: {error}", flush=True)
        found = {}
    if not command:
        return 0
    return subprocess.run(command, env={**os.environ, **found}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

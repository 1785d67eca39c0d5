"""The pure core: arrays and words in, arrays and words out; no disk, network, process, thread or Qt."""

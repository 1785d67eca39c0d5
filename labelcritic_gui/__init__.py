"""Label Critic: a review station for competing organ labels of CT scans."""

__version__ = "0.1.0"

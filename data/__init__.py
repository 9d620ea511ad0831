"""Data for training: datasets, loaders, transforms, checkpoints. This page only re-exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import lazy
from . import transforms as transforms
from .checkpoint import load as load
from .checkpoint import save as save
from .collate import default_collate as default_collate
from .collate import default_convert as default_convert
from .datasets import ConcatDataset as ConcatDataset
from .datasets import Dataset as Dataset
from .datasets import IterableDataset as IterableDataset
from .datasets import Subset as Subset
from .datasets import TensorDataset as TensorDataset
from .errors import DataFileError as DataFileError
from .errors import DatasetNotFoundError as DatasetNotFoundError
from .errors import DownloadError as DownloadError
from .errors import LockTimeoutError as LockTimeoutError
from .loader import DataLoader as DataLoader
from .loader import get_worker_info as get_worker_info
from .samplers import BatchSampler as BatchSampler
from .samplers import RandomSampler as RandomSampler
from .samplers import Sampler as Sampler
from .samplers import SequentialSampler as SequentialSampler
from .samplers import SubsetRandomSampler as SubsetRandomSampler
from .samplers import WeightedRandomSampler as WeightedRandomSampler
from .splitting import random_split as random_split

if TYPE_CHECKING:
    from . import vision as vision
    from .vision import MNIST as MNIST
    from .vision import Digits as Digits
    from .vision import FashionMNIST as FashionMNIST
else:
    __getattr__, __dir__ = lazy.page(
        __name__,
        {
            "vision": ".vision",
            "MNIST": ".vision",
            "Digits": ".vision",
            "FashionMNIST": ".vision",
        },
    )

"""Transforms of one image, of many at once with the same values, and how they print."""

from __future__ import annotations

import numpy as np
import pytest

import tapeout
from tapeout.data.transforms import Compose, Lambda, Normalize, ToTensor, split

GREY = np.array([[0, 51, 102], [153, 204, 255]], np.uint8)
COLOUR = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def test_bytes_become_channels_first_and_0_to_1():
    grey = ToTensor()(GREY)
    assert grey.dtype is tapeout.float32
    assert grey.shape == (1, 2, 3)
    np.testing.assert_allclose(grey.numpy()[0], [[0, 0.2, 0.4], [0.6, 0.8, 1]], rtol=1e-6)
    colour = ToTensor()(COLOUR)
    assert colour.shape == (3, 2, 4)
    np.testing.assert_array_equal(
        colour.numpy(), COLOUR.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_other_types_keep_type_and_value(dtype):
    image = ToTensor()(GREY.astype(dtype))
    assert image.dtype is getattr(tapeout, np.dtype(dtype).name)
    assert image.tolist() == [GREY.tolist()]


def test_to_tensor_shares_no_memory():
    pixels = GREY.astype(np.float32)
    ToTensor()(pixels).zero_()
    assert pixels.max() == 255


@pytest.mark.parametrize(
    "image, error, message",
    [
        ([[1, 2]], TypeError, "should be PIL Image or ndarray. Got <class 'list'>"),
        (tapeout.zeros(2, 3), TypeError, "PIL Image or ndarray.*it is a tensor already"),
        (np.zeros(3), ValueError, r"should be 2/3 dimensional. Got 1 dimensions: \(3,\)"),
        (np.zeros((1, 2, 3, 4)), ValueError, "Got 4 dimensions"),
    ],
)
def test_what_is_no_image_is_refused(image, error, message):
    with pytest.raises(error, match=message):
        ToTensor()(image)


def test_pillow_images():
    image = pytest.importorskip("PIL.Image")
    assert ToTensor()(image.fromarray(GREY)).tolist() == ToTensor()(GREY).tolist()
    assert ToTensor()(image.fromarray(COLOUR)).tolist() == ToTensor()(COLOUR).tolist()
    black_and_white = image.fromarray(GREY > 100)
    assert black_and_white.mode == "1"
    assert ToTensor()(black_and_white).tolist() == [[[0, 0, 1], [1, 1, 1]]]


def test_normalize_by_channel():
    image = tapeout.tensor([[[1.0, 3.0]], [[10.0, 30.0]]])
    result = Normalize(mean=[1.0, 10.0], std=[2.0, 5.0])(image)
    assert result.tolist() == [[[0, 1]], [[0, 4]]]
    assert image.tolist() == [[[1, 3]], [[10, 30]]]


def test_normalize_in_place():
    image = tapeout.tensor([[[1.0, 3.0]]])
    assert Normalize([1.0], [2.0], inplace=True)(image) is image
    assert image.tolist() == [[[0, 1]]]


@pytest.mark.parametrize(
    "image, error, message",
    [
        (
            np.zeros((1, 2, 3)),
            TypeError,
            r"should be Tensor Image. Got .*ndarray.*put ToTensor\(\)",
        ),
        (tapeout.zeros(1, 2, 3).int(), TypeError, "should be a float tensor. Got torch.int32"),
        (tapeout.zeros(2, 3), ValueError, r"\(..., C, H, W\). Got tensor.size\(\) = \(2, 3\)"),
        (tapeout.zeros(3, 4, 5), RuntimeError, r"has 2 channels, the image has 3: \(3, 4, 5\)"),
    ],
)
def test_what_cannot_be_normalised_is_refused(image, error, message):
    with pytest.raises(error, match=message):
        Normalize([0.5, 0.5], [1.0, 1.0])(image)


def test_a_standard_deviation_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"std evaluated to zero.*float32.*Normalize"):
        Normalize([0.5], [0.0])(tapeout.zeros(1, 2, 3))


def test_lambda_and_compose():
    double_then_flat = Compose([ToTensor(), Lambda(lambda x: x * 2), tapeout.flatten])
    assert double_then_flat(GREY).tolist() == (ToTensor()(GREY) * 2).flatten().tolist()
    with pytest.raises(TypeError, match="lambd should be callable, got int"):
        Lambda(3)


def test_how_they_print():
    both = Compose([ToTensor(), Normalize((0.1307,), (0.3081,)), Lambda(abs)])
    assert repr(both) == (
        "Compose(\n    ToTensor()\n    Normalize(mean=(0.1307,), std=(0.3081,))\n    Lambda()\n)"
    )


# Many at once.


@pytest.mark.parametrize("shape", [(5, 2, 3), (5, 2, 4, 3), (5, 4, 6, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_batched_forms_give_the_same_values(shape, dtype):
    images = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
    channels = 1 if len(shape) == 3 else shape[-1]
    normalize = Normalize([0.3] * channels, [0.7] * channels)
    one_by_one = tapeout.stack([normalize(ToTensor()(image)) for image in images])
    at_once = normalize.batched(ToTensor().batched(images.copy()))
    assert at_once.dtype is one_by_one.dtype
    assert at_once.shape == one_by_one.shape
    assert at_once.numpy().tobytes() == one_by_one.numpy().tobytes()


def test_batched_forms_refuse_what_the_others_refuse():
    with pytest.raises(TypeError, match="put ToTensor"):
        Normalize([0.5], [1.0]).batched(np.zeros((2, 1, 2, 3)))
    with pytest.raises(ValueError, match=r"Got tensor.size\(\) = \(2, 3\)"):
        Normalize([0.5], [1.0]).batched(tapeout.zeros(4, 2, 3))
    with pytest.raises(TypeError, match="PIL Image or ndarray"):
        ToTensor().batched(tapeout.zeros(4, 2, 3))


class Inverted(ToTensor):
    """Redefines the slow way only."""

    def __call__(self, image):
        return 1 - super().__call__(image)


class Again(Compose):
    def __call__(self, image):
        return super().__call__(super().__call__(image))


def test_what_is_done_at_once_ends_where_anything_may_happen():
    to_tensor, normalize, flat = ToTensor(), Normalize([0.0], [1.0]), Lambda(tapeout.flatten)
    assert split(None) == ([], [])
    assert split(to_tensor) == ([to_tensor], [])
    assert split(Compose([Compose([to_tensor]), normalize])) == ([to_tensor, normalize], [])
    assert split(Compose([to_tensor, flat, normalize])) == ([to_tensor], [flat, normalize])
    assert split(flat) == ([], [flat])
    inverted, again = Inverted(), Again([to_tensor])
    assert split(Compose([inverted, normalize])) == ([], [inverted, normalize])
    assert split(again) == ([], [again])

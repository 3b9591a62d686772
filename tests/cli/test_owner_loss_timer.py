"""Owners of a state that go away under those who follow an instance there."""

from stepwell.owner_loss_timer import LOSS_WINDOW_S, OwnerLossTimer


def test_as_many_as_like_may_go_away_one_after_the_other():
    losses = OwnerLossTimer()

    lasted = [losses.record(100 + number / 10) for number in range(30)]

    assert 0 == lasted[0]
    assert 2.9 == round(lasted[-1], 6)


def test_one_that_was_there_for_a_while_is_the_first_again():
    losses = OwnerLossTimer()
    losses.record(100)
    losses.record(100 + LOSS_WINDOW_S / 2)

    assert 0 == losses.record(100 + 2 * LOSS_WINDOW_S)

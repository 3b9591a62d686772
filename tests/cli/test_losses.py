"""Owners of a state that go away under those who follow an instance there."""

from stepwell.run import STEADY, Losses


def test_as_many_as_like_may_go_away_one_after_the_other():
    losses = Losses()

    lasted = [losses.lasting(100 + number / 10) for number in range(30)]

    assert 0 == lasted[0]
    assert 2.9 == round(lasted[-1], 6)


def test_one_that_was_there_for_a_while_is_the_first_again():
    losses = Losses()
    losses.lasting(100)
    losses.lasting(100 + STEADY / 2)

    assert 0 == losses.lasting(100 + 2 * STEADY)

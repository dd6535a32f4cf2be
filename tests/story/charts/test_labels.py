from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from handover.story.charts.labels import PAD, Box, Mark, place_beside, place_flags

WIDTH = 400.0
marks = st.lists(
    st.builds(
        Mark,
        x=st.floats(5, WIDTH - 5),
        y=st.floats(0, 100),
        width=st.floats(5, 180),
        height=st.sampled_from([11.0, 22.0]),
    ),
    max_size=12,
)
obstacles = st.lists(
    st.builds(
        lambda x, y, w, h: Box(x, y, x + w, y + h),
        *(st.floats(0, WIDTH), st.floats(0, 150), st.floats(1, 60), st.floats(1, 20)),
    ),
    max_size=6,
)


@given(marks, obstacles)
def test_flags_never_overlap_and_stay_in_the_canvas(found, blocks):
    boxes = place_flags(found, blocks, left=4, right=WIDTH - 4)
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))
    assert all(box.left >= 3.9 and box.right <= WIDTH - 3.9 for box in boxes)


@given(marks, obstacles)
def test_flags_cover_no_obstacle_that_rises_above_their_mark(found, blocks):
    for mark, box in zip(found, place_flags(found, blocks, left=4, right=WIDTH - 4), strict=True):
        assert not any(box.meets(block) for block in blocks if block.top > mark.y)


@given(st.lists(st.floats(5, 150), min_size=2, max_size=10, unique=True), st.floats(20, 100))
def test_flags_that_point_one_way_keep_their_order(xs, width):
    """Of two whose texts overlap across, the one in front is lower, so no stem runs through a text."""
    found = [Mark(x, 0, width, 11) for x in sorted(xs)]
    boxes = place_flags(found, left=0, right=WIDTH)
    for (one, a), (other, b) in combinations(zip(found, boxes, strict=True), 2):
        if one.x < other.x < a.right:
            assert a.bottom >= b.top


@given(marks)
def test_a_flag_stands_over_its_mark(found):
    for mark, box in zip(found, place_flags(found, left=4, right=WIDTH - 4), strict=True):
        assert box.bottom >= mark.y + PAD - 1e-6


def test_a_flag_with_no_room_to_the_right_flies_left():
    (box,) = place_flags([Mark(390, 0, 60, 11)], left=0, right=400)
    assert box.right == 390 - PAD


def test_two_flags_that_would_cross_each_others_stems_fly_the_same_way():
    one, other = place_flags([Mark(330, 0, 60, 11), Mark(390, 0, 80, 11)], left=0, right=400)
    assert one.right < 330 and other.right < 390
    assert other.bottom >= one.top


@given(marks, obstacles)
def test_names_beside_places_never_overlap_anything(found, blocks):
    inside = Box(0, 0, WIDTH, 200)
    boxes = [box for box in place_beside(found, blocks, inside=inside) if box]
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))
    assert not any(box.meets(block) for box in boxes for block in blocks)
    assert all(box.left >= 0 and box.right <= WIDTH and box.bottom >= 0 and box.top <= 200 for box in boxes)


def test_a_name_with_no_room_is_not_placed():
    assert place_beside([Mark(50, 50, 500, 11)], inside=Box(0, 0, 100, 100)) == [None]


def test_a_leader_line_runs_through_nothing_where_it_can_be_helped():
    wall = [Box(x, 40, x + 9, 60) for x in range(-40, 40, 10) if not -15 < x < 5]
    (box,) = place_beside([Mark(0, 0, 40, 11)], wall, inside=Box(-200, -200, 200, 200))
    assert box == Box(5, -5.5, 45, 5.5)

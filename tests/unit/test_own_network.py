"""Where a student's own network gets its addresses."""

import ipaddress
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from classroom.ops.own_network import free_subnets

POOL = "10.213.0.0/24"  # sixteen parts


def test_a_pool_of_256_addresses_makes_16_networks_and_no_more() -> None:
    taken: list[str] = []
    for student in range(16):
        taken += islice(free_subnets(POOL, taken, f"student{student}"), 1)

    assert len(set(taken)) == 16
    assert list(free_subnets(POOL, taken, "one more")) == []


@given(st.sets(st.integers(0, 15)), st.text())
def test_what_is_offered_lies_in_the_pool_and_overlaps_nothing(taken: set[int], name: str) -> None:
    others = [f"10.213.0.{16 * part}/28" for part in taken]

    offered = [ipaddress.IPv4Network(each) for each in free_subnets(POOL, others, name)]

    assert len(offered) == 16 - len(taken)
    assert not any(each.overlaps(ipaddress.IPv4Network(other)) for each in offered for other in others)
    assert all(each.subnet_of(ipaddress.IPv4Network(POOL)) for each in offered)


def test_other_networks_of_the_machine_are_left_alone() -> None:
    offered = list(free_subnets(POOL, ["10.213.0.0/25", "172.17.0.0/16", "fd00::/64"], "ada"))

    assert len(offered) == 8

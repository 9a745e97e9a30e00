"""What a process holds is the same on huge pages."""

import mmap

from judge.pages import gather_pages


def test_memory_holds_the_same_bytes_afterwards() -> None:
    with mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE) as memory:
        for place in range(0, len(memory), 4096):
            memory[place] = place % 251

        taken = gather_pages()

        assert taken % (2 << 20) == 0
        assert all(memory[place] == place % 251 for place in range(0, len(memory), 4096))

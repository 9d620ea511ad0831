"""Runtime: what a finished program needs in order to run, and nothing that makes programs.

`loader` brings object code into the process, `pool` shares work among threads, `entry` makes a program callable from
Python at the price of a C function, `cache` keeps compiled code on disk, `arena` gives programs memory. Nothing here
imports Numba or another floor of ours, so a program that was compiled earlier starts quickly.
"""

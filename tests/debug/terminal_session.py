#!/usr/bin/env python3
"""^C, ^Z and the end of a session on a terminal: terminal_session.py FAKE-REEL PROGRAM.

Runs the replay under a pseudo-terminal as a shell would, and types.
"""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

reel, program = sys.argv[1:]
output = b''


def until(fd, text, seconds=120):
    """Reads until `text` comes; fails without it. The fake steps through the whole program first,
    which takes 15 seconds on an idle machine."""
    global output
    start, end = len(output), time.time() + seconds
    while text not in output[start:]:
        if time.time() > end:
            sys.exit('no %r in:\n%s' % (text, output.decode(errors='replace')))
        if select.select([fd], [], [], 0.2)[0]:
            output += os.read(fd, 65536)


with tempfile.TemporaryDirectory() as directory:
    subprocess.run([reel, 'record', '-o', directory + '/trace', program], check=True)
    os.environ['FAKE_REEL_SLOW'] = '100'
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(reel, [reel, 'replay', directory + '/trace', '--', '-nx', '-q', '-ex', 'set confirm off'])
    until(fd, b'(gdb) ')
    os.write(fd, b'continue\n')
    until(fd, b'Continuing')
    time.sleep(0.5)
    os.write(fd, b'\x03')
    until(fd, b'received signal SIGINT')
    until(fd, b'(gdb) ')
    os.write(fd, b'\x03')  # at the prompt: only gdb hears it
    until(fd, b'Quit')
    os.write(fd, b'\x1a')
    for _ in range(100):
        stopped, status = os.waitpid(pid, os.WUNTRACED | os.WNOHANG)
        if stopped:
            break
        time.sleep(0.1)
    if not stopped or not os.WIFSTOPPED(status):
        sys.exit('^Z stopped gdb alone')
    os.kill(pid, signal.SIGCONT)
    os.write(fd, b'print 6*7\n')
    until(fd, b'= 42')
    os.write(fd, b'quit\n')
    while True:
        try:
            if not os.read(fd, 65536):
                break
        except OSError:
            break
    _, status = os.waitpid(pid, 0)
    if status != 0:
        sys.exit('ended with status %#x' % status)

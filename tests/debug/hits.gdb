# program: session_hits
# To the end, then back over every hit, then forwards again.
python
def walk(command):
    seen = []
    while True:
        gdb.execute(command, to_string=True)
        frame = gdb.newest_frame()
        if frame.name() != 'hit' or len(seen) > 1100:
            return seen
        seen.append(int(gdb.parse_and_eval('number')))
gdb.execute('continue', to_string=True)
gdb.execute('break hit')
back = walk('reverse-continue')
forth = walk('continue')
end
python print('back:', len(back), back == list(range(1000, 0, -1)))
python print('forth:', len(forth), forth == list(range(1, 1001)))

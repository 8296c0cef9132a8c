# program: session_fast
# Over calls that need no stop, to breakpoints between them, at them and behind them, and back.
python
def walk(command, name, what):
    seen = []
    while len(seen) <= 400:
        gdb.execute(command, to_string=True)
        if gdb.newest_frame().name() != name:
            break
        seen.append(int(gdb.parse_and_eval(what)))
    return seen
gdb.execute('continue', to_string=True)
gdb.execute('break mark')
back = walk('reverse-continue', 'mark', 'number')
forth = walk('continue', 'mark', 'number')
gdb.execute('delete')
gdb.execute('break session_fast.c:17 if calls > 290', to_string=True)
gdb.execute('reverse-continue', to_string=True)
behind = []
while len(behind) <= 20 and int(gdb.parse_and_eval('calls')) > 290:
    behind.append(int(gdb.parse_and_eval('calls')))
    gdb.execute('reverse-continue', to_string=True)
gdb.execute('delete')
gdb.execute('continue', to_string=True)
gdb.execute('watch last', to_string=True)
written = []
while len(written) <= 20:
    gdb.execute('reverse-continue', to_string=True)
    if 'mark' != gdb.newest_frame().name():
        break
    written.append(int(gdb.parse_and_eval('number')))
end
python print('back:', back == list(range(300, 0, -30)))
python print('forth:', forth == list(range(30, 301, 30)))
python print('written:', written == list(range(300, 0, -30)))
python print('behind:', behind == list(range(299, 290, -1)))

# program: session_loop
python
def when():
    return gdb.execute('monitor when', to_string=True).strip()
def state():
    return (when(), gdb.execute('info registers', to_string=True),
            gdb.execute('x/32xb $sp', to_string=True), str(gdb.parse_and_eval('total')))
gdb.execute('break work')
gdb.execute('continue', to_string=True)
gdb.execute('continue', to_string=True)
here = state()
gdb.execute('finish', to_string=True)
there = state()
print('moved:', here[0] != there[0], here[3], there[3])
gdb.execute('monitor goto ' + here[0], to_string=True)
print('back:', state() == here, gdb.newest_frame().name())
gdb.execute('monitor goto ' + there[0], to_string=True)
print('forth:', state() == there, gdb.newest_frame().name())
gdb.execute('reverse-continue', to_string=True)
print('reverse:', state() == here)
gdb.execute('monitor goto start', to_string=True)
gdb.execute('sharedlibrary', to_string=True)
print('start:', when())
gdb.execute('monitor goto ' + there[0], to_string=True)
print('libraries:', gdb.solib_name(int(gdb.parse_and_eval('(long)&puts'))) is not None)
end
monitor goto nowhere
monitor nonsense
monitor checkpoint mark
monitor info checkpoints
monitor goto c1
monitor delete checkpoint 1
monitor info checkpoints

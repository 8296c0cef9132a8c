# program: session_threads
# Who lives is told by the function that a thread is in, not by numbers, which gdb gives anew to a
# thread that comes back to life.
python
def who(thread):
    thread.switch()
    frame = gdb.newest_frame()
    while frame:
        if frame.name() in ('main', 'first', 'second'):
            return frame.name()
        frame = frame.older()
    return '?'
def living():
    gdb.execute('info threads', to_string=True)
    here = gdb.selected_thread()
    names = sorted(who(t) for t in gdb.selected_inferior().threads())
    here.switch()
    return ' '.join(names)
end
break visit
continue
python print(living())
backtrace 2
thread apply all -q echo .
print visits
continue
python print(living())
backtrace 2
next
print visits
reverse-continue
reverse-continue
print visits
python print(living())
delete
watch visits
continue
continue
continue
print visits
reverse-continue
print visits
reverse-continue
print visits
tbreak first
reverse-continue

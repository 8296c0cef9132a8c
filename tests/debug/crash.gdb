# program: session_crash
continue
backtrace
print pointer
print $_siginfo.si_signo
watch pointer
reverse-continue
print pointer != 0
backtrace
delete
continue
continue
info threads
reverse-continue

# program: session_loop
break main
continue
next
print first
step
next
step
next
step
backtrace
break add if a == 3
continue
print b
backtrace
finish
info breakpoints
delete
finish
continue

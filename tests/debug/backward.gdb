# program: session_loop
break main
continue
next
next
print first
print second
print total
reverse-next
print first
print total
reverse-step
reverse-step
backtrace
reverse-finish
python pc = gdb.newest_frame().pc()
stepi
reverse-stepi
python print(pc == gdb.newest_frame().pc())
break add
continue
continue
print a
print b
reverse-continue
print a
print b
reverse-continue
continue
print a
print b

# program: session_loop
# What stands under breakpoints is the program, never a trap.
break main
break add
hbreak work
continue
x/1xb add
python print('trap' if 0xcc in bytes(gdb.selected_inferior().read_memory(int(gdb.parse_and_eval('(long)&add')), 16)) else 'no trap')
print total = 5
print $rax = 5
print total
continue
continue
python print('trap' if 0xcc in bytes(gdb.selected_inferior().read_memory(int(gdb.parse_and_eval('$pc')), 4)) else 'no trap')
print *(char *)0

# program: session_cpuid
# cpuid looks as it was compiled, breakpoint or not; a step goes over it, and back.
break ask_here
continue
x/i $pc
python print(bytes(gdb.selected_inferior().read_memory(int(gdb.parse_and_eval('$pc')), 2)).hex())
print $eax
stepi
python print(int(gdb.parse_and_eval('(long)$pc - (long)&ask_here')))
python answer = int(gdb.parse_and_eval('$ebx'))
print $ebx != 0
reverse-stepi
x/i $pc
print $eax
continue
delete
x/i $pc
stepi
python print(int(gdb.parse_and_eval('$ebx')) == answer)
next
print answer == $ebx
reverse-stepi
break ask
reverse-continue
reverse-continue
next
next
python print(int(gdb.parse_and_eval('$ebx')) == answer)

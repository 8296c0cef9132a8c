# program: session_loop
reverse-continue
reverse-stepi
continue
continue
stepi
python gdb.execute('reverse-stepi', to_string=True)
break main
reverse-continue
delete
reverse-continue
break main
continue

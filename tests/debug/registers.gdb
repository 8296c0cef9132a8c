# program: session_vector
break stop_here
continue
print $ymm3.v4_double
print $xmm3.v2_double
print $st0
print $fctrl
print $mxcsr
print $fs_base != 0
print $orig_rax
continue
print $ymm3.v4_double
reverse-continue
print $ymm3.v4_double

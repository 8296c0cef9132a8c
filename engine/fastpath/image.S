/* The hook's code as bytes, for those who put it into tracees and vessels (hook_image.h). */
    .section .rodata
    .globl hook_image, hook_image_end
hook_image:
    .incbin HOOK_IMAGE
hook_image_end:
    .section .note.GNU-stack, "", @progbits

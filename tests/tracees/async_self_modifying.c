/* A loop that changes its own instruction, under SIGALRM. */
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "check.h"

static volatile char stop;

static void on_alarm(int signal)
{
    stop = 1;
}

/*  0: b8 imm32        mov eax, COUNT
 *  5: ff c0           inc eax
 *  7: 89 05 f4 ff…    mov [rip - 12], eax   (COUNT, at 1)
 * 13: b9 imm32        mov ecx, 5000
 * 18: e2 fe           loop 18
 * 20: 80 3f 00        cmp byte [rdi], 0
 * 23: 74 e7           je 0
 * 25: c3              ret */
static const unsigned char loop[] = {0xb8, 0,    0,    0,    0,    0xff, 0xc0, 0x89, 0x05,
                                     0xf4, 0xff, 0xff, 0xff, 0xb9, 0x88, 0x13, 0,    0,
                                     0xe2, 0xfe, 0x80, 0x3f, 0x00, 0x74, 0xe7, 0xc3};

int main(void)
{
    const struct itimerval soon = {{0, 0}, {0, 3000}};
    unsigned char *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    memcpy(code, loop, sizeof(loop));
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    printf("%u\n", ((unsigned (*)(volatile char *))code)(&stop));
    return 0;
}

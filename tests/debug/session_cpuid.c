/* An instruction that a recording has made to trap, by other bytes than these. */
static unsigned leaf, answer;

static void ask(void)
{
    unsigned a = leaf, b, c = 0, d;
    __asm__ volatile("ask_here: cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    answer = b;
}

int main(void)
{
    ask();
    unsigned vendor = answer;
    ask();
    return answer == vendor ? 0 : 1;
}

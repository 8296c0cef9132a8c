/* Dies by a pointer that was spoilt earlier. */
#include <stddef.h>

static int value = 7;
static int *volatile pointer = &value;

static void spoil(void)
{
    pointer = NULL;
}

static int use(void)
{
    return *pointer;
}

int main(void)
{
    int before = use();
    spoil();
    return use() + before;
}

/* Calls, a loop, a global that changes: the program of most sessions. The line numbers matter to
 * them. */
static int total;

static int add(int a, int b)
{
    int sum = a + b;
    return sum;
}

static int work(int n)
{
    int result = 0;
    for (int i = 0; i < n; i++)
        result = add(result, i);
    total = result;
    return result;
}

int main(void)
{
    int first = work(3);
    int second = work(4);
    int sum = first + second;
    return sum == 9 && total == 6 ? 0 : 1;
}

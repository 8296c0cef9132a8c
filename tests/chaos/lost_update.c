/* Two tellers book what they have counted on one account, without a lock: a booking can be lost. */
#include "work.h"

struct account {
    long balance;
    long bookings;
};

static struct account account;

struct teller {
    long amounts;
    unsigned seed;
    long sum;
};

static __attribute__((noinline)) void book(struct account *to, long sum)
{
    long balance = to->balance;
    long fee = sum > 1000 ? sum / 1000 : 1;
    to->bookings++;
    to->balance = balance + sum - fee;
}

static void *count_and_book(void *argument)
{
    struct teller *teller = argument;
    teller->sum = read_amounts(teller->amounts, teller->seed);
    book(&account, teller->sum);
    return NULL;
}

int main(void)
{
    struct teller tellers[2] = {{.amounts = 150000, .seed = 7}, {.amounts = 40000, .seed = 11}};
    struct account expected = {0};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        start(&threads[i], count_and_book, &tellers[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++)
        book(&expected, tellers[i].sum);
    printf("balance %ld, expected %ld\n", account.balance, expected.balance);
    return account.balance != expected.balance;
}

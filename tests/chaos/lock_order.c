/* Two threads transfer money in opposite directions; each locks the account that it takes from
 * first. */
#include "work.h"

struct account {
    pthread_mutex_t lock;
    long balance;
};

static struct account giro = {PTHREAD_MUTEX_INITIALIZER, 50000000};
static struct account savings = {PTHREAD_MUTEX_INITIALIZER, 50000000};

struct order {
    struct account *from, *to;
    long amounts;
};

static void *transfer(void *argument)
{
    struct order *order = argument;
    long sum = read_amounts(order->amounts, 3);
    pthread_mutex_lock(&order->from->lock);
    if (order->from->balance >= sum) {
        order->from->balance -= sum;
        pthread_mutex_lock(&order->to->lock);
        order->to->balance += sum;
        pthread_mutex_unlock(&order->to->lock);
    }
    pthread_mutex_unlock(&order->from->lock);
    return NULL;
}

int main(void)
{
    struct order orders[2] = {{&giro, &savings, 150000}, {&savings, &giro, 40000}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        start(&threads[i], transfer, &orders[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%ld\n", giro.balance + savings.balance);
    return giro.balance + savings.balance != 100000000;
}

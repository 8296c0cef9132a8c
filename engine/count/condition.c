#include "engine/count/condition.h"

bool condition_is_valid(const struct condition *condition)
{
    bool memory = condition->operand == CONDITION_ON_MEMORY;
    if (condition->operand == CONDITION_NONE)
        return true;
    return (memory || condition->operand == CONDITION_ON_REGISTER) &&
           (condition->reg < CONDITION_REGISTERS ||
            (memory && condition->reg == CONDITION_NO_REGISTER)) &&
           (condition->size == 1 || condition->size == 2 || condition->size == 4 ||
            condition->size == 8) &&
           condition->compare <= IF_GREATER_OR_EQUAL;
}

bool condition_equal(const struct condition *a, const struct condition *b)
{
    return a->operand == b->operand &&
           (a->operand == CONDITION_NONE ||
            (a->reg == b->reg && a->size == b->size && a->is_signed == b->is_signed &&
             a->compare == b->compare && a->offset == b->offset && a->constant == b->constant));
}

uint64_t condition_extend(const struct condition *condition, uint64_t value)
{
    switch (condition->size) {
    case 1:
        return condition->is_signed ? (uint64_t)(int8_t)value : (uint8_t)value;
    case 2:
        return condition->is_signed ? (uint64_t)(int16_t)value : (uint16_t)value;
    case 4:
        return condition->is_signed ? (uint64_t)(int32_t)value : (uint32_t)value;
    default:
        return value;
    }
}

static uint64_t register_value(const struct user_regs_struct *regs, uint8_t number)
{
    const unsigned long long values[CONDITION_REGISTERS] = {
        regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp, regs->rsi, regs->rdi,
        regs->r8,  regs->r9,  regs->r10, regs->r11, regs->r12, regs->r13, regs->r14, regs->r15};
    return number < CONDITION_REGISTERS ? values[number] : 0;
}

static bool compare(const struct condition *condition, uint64_t value, uint64_t constant)
{
    bool less = condition->is_signed ? (int64_t)value < (int64_t)constant : value < constant;
    switch ((enum condition_operator)condition->compare) {
    case IF_EQUAL:
        return value == constant;
    case IF_NOT_EQUAL:
        return value != constant;
    case IF_LESS:
        return less;
    case IF_LESS_OR_EQUAL:
        return less || value == constant;
    case IF_GREATER:
        return !less && value != constant;
    case IF_GREATER_OR_EQUAL:
        return !less;
    }
    return false;
}

bool condition_holds(const struct condition *condition, const struct user_regs_struct *regs,
                     struct tracee *tracee)
{
    uint64_t value = register_value(regs, condition->reg);
    if (condition->operand == CONDITION_NONE)
        return true;
    if (condition->operand == CONDITION_ON_MEMORY) {
        taddr address = taddr_of(value + condition->offset);
        value = 0;
        if (tracee_read_some(tracee, address, &value, condition->size) < condition->size)
            return false;
    }
    return compare(condition, condition_extend(condition, value),
                   condition_extend(condition, condition->constant));
}

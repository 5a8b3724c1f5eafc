// Code cannot be written, data cannot be run, constants cannot be changed.
#include "check.h"

static const char constant[] = "constant";
static char data[16];

int main(void) {
    CHILD("SIGSEGV", *(volatile char*)(uintptr_t)& main = 1);
    CHILD("SIGSEGV", *(volatile char*)(uintptr_t)constant = 1);
    data[0] = (char)0xc3;
    CHILD("SIGSEGV", ((void (*)(void))data)());
    char stack[16] = {(char)0xc3};
    CHILD("SIGSEGV", ((void (*)(void))stack)());
    char* heap = malloc(16);
    heap[0] = (char)0xc3;
    CHILD("SIGSEGV", ((void (*)(void))heap)());
    CHILD("SIGSEGV", *(volatile char*)NULL = 1);
    CHILD("SIGSEGV", *(volatile char*)KERNEL_ADDRESS = 1);
    CHILD("SIGSEGV", *(volatile char*)NON_CANONICAL = 1);
    CHILD("SIGSEGV", ((void (*)(void))NULL)());
    return done();
}

// The auxiliary vector: which entries there are, and those whose value is known.
#include "check.h"

int main(int argc, char** argv, char** envp) {
    (void)argc;
    while (*envp++) continue;
    unsigned long *aux = (unsigned long*)envp, seen = 0;
    for (; aux[0] != AT_NULL; aux += 2)
        if (aux[0] < 64) seen |= 1ul << aux[0];
    const struct {
        int type;
        const char* name;
    } wanted[] = {{AT_PHDR, "PHDR"},     {AT_PHENT, "PHENT"},   {AT_PHNUM, "PHNUM"},
                  {AT_PAGESZ, "PAGESZ"}, {AT_BASE, "BASE"},     {AT_FLAGS, "FLAGS"},
                  {AT_ENTRY, "ENTRY"},   {AT_UID, "UID"},       {AT_EUID, "EUID"},
                  {AT_GID, "GID"},       {AT_EGID, "EGID"},     {AT_PLATFORM, "PLATFORM"},
                  {AT_HWCAP, "HWCAP"},   {AT_CLKTCK, "CLKTCK"}, {AT_SECURE, "SECURE"},
                  {AT_RANDOM, "RANDOM"}, {AT_HWCAP2, "HWCAP2"}, {AT_EXECFN, "EXECFN"}};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        SAY("AT_%s: %s", wanted[i].name, seen >> wanted[i].type & 1 ? "there" : "missing");
    IS(4096, getauxval(AT_PAGESZ));
    IS(100, getauxval(AT_CLKTCK));
    IS(56, getauxval(AT_PHENT));
    IS(0, getauxval(AT_BASE));
    IS(0, getauxval(AT_SECURE));
    IS(0, getauxval(AT_UID));
    SAY("platform %s", (char*)getauxval(AT_PLATFORM));
    TRUE(strcmp((char*)getauxval(AT_EXECFN), argv[0]) == 0);
    unsigned char* header = (unsigned char*)getauxval(AT_PHDR) - 64;
    TRUE(memcmp(header, "\177ELF", 4) == 0);
    TRUE(*(unsigned short*)(header + 56) == getauxval(AT_PHNUM));
    TRUE(*(unsigned long*)(header + 24) == getauxval(AT_ENTRY));
    unsigned edx, eax = 1;
    __asm__("cpuid" : "+a"(eax), "=d"(edx) : : "ebx", "ecx");
    TRUE(getauxval(AT_HWCAP) == edx);
    return done();
}

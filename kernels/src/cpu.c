#include "cpu.h"

int facelite_cpu_always(void) {
    return 1;
}

#if defined(FACELITE_X86)
#include <stdint.h>
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

typedef struct registers {
    uint32_t eax, ebx, ecx, edx;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
    registers r = {0, 0, 0, 0};
#if defined(_MSC_VER)
    int raw[4];
    __cpuid(raw, 0);
    if ((uint32_t)raw[0] >= leaf) {
        __cpuidex(raw, (int)leaf, (int)subleaf);
        r = (registers){(uint32_t)raw[0], (uint32_t)raw[1], (uint32_t)raw[2], (uint32_t)raw[3]};
    }
#else
    if (!__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx)) {
        r = (registers){0, 0, 0, 0};
    }
#endif
    return r;
}

/* Register files that the operating system saves: bits of XCR0. */
static uint32_t saved_state(void) {
    const uint32_t osxsave = 1u << 27;
    if (!(cpuid(1, 0).ecx & osxsave)) {
        return 0;
    }
#if defined(_MSC_VER)
    return (uint32_t)_xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0)); /* xgetbv, for any assembler */
    (void)high;
    return low;
#endif
}

static int os_saves(uint32_t wanted) {
    return (saved_state() & wanted) == wanted;
}

int facelite_cpu_sse41(void) {
    const uint32_t ssse3_sse41 = 1u << 9 | 1u << 19;
    return (cpuid(1, 0).ecx & ssse3_sse41) == ssse3_sse41;
}

int facelite_cpu_avx2(void) {
    const uint32_t xmm_ymm = 0x6, avx2 = 1u << 5;
    return os_saves(xmm_ymm) && (cpuid(7, 0).ebx & avx2) != 0;
}

int facelite_cpu_avxvnni(void) {
    const uint32_t avx_vnni = 1u << 4;
    return facelite_cpu_avx2() && cpuid(7, 0).eax >= 1 && (cpuid(7, 1).eax & avx_vnni) != 0;
}

/* The foundation, byte and word instructions, 128- and 256-bit forms, and VNNI. */
int facelite_cpu_avx512vnni(void) {
    const uint32_t xmm_ymm_zmm = 0xe6, f_bw_vl = 1u << 16 | 1u << 30 | 1u << 31, vnni = 1u << 11;
    const registers found = cpuid(7, 0);
    return facelite_cpu_avx2() && os_saves(xmm_ymm_zmm) && (found.ebx & f_bw_vl) == f_bw_vl && (found.ecx & vnni) != 0;
}

#elif defined(FACELITE_ARM64)
#if defined(__linux__) && !defined(__ARM_FEATURE_DOTPROD)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

int facelite_cpu_neon_dotprod(void) {
#if defined(__ARM_FEATURE_DOTPROD)
    return 1; /* no CPU without it could run this file either */
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return 0;
#endif
}
#endif

#if !defined(__AVX2__)
#error "compile this file with -mavx2"
#endif
#include "../dispatch.h"

void facelite_overlay_avx2(facelite_ops *ops) {
    (void)ops;
}

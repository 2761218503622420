/* Which instruction set a model runs on. */
#ifndef FACELITE_DISPATCH_H
#define FACELITE_DISPATCH_H

#include "ops.h"

/* Fills `ops` for the selected tier and returns its name; null when FACELITE_ISA names one that is not here. */
const char *facelite_dispatch(facelite_ops *ops);

/* One overlay a tier file; each writes the slots that it does better. */
void facelite_overlay_ref(facelite_ops *ops);
#if defined(FACELITE_X86)
void facelite_overlay_sse41(facelite_ops *ops);
void facelite_overlay_avx2(facelite_ops *ops);
void facelite_overlay_avxvnni(facelite_ops *ops);
void facelite_overlay_avx512vnni(facelite_ops *ops);
#elif defined(FACELITE_ARM64)
void facelite_overlay_neon(facelite_ops *ops);
void facelite_overlay_neon_dotprod(facelite_ops *ops);
#elif defined(FACELITE_WASM)
void facelite_overlay_wasm_simd128(facelite_ops *ops);
void facelite_overlay_wasm_relaxed_simd(facelite_ops *ops);
#endif

#endif

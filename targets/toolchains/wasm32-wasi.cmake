# WebAssembly with WASI by clang and wasi-libc (Debian: clang-19, lld-19, libclang-rt-19-dev-wasm32, wasi-libc), its
# programs run here by Node. In a browser they need a small shim for what they call of WASI (tests/kernels/page.mjs).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

find_program(clang NAMES clang-21 clang-20 clang-19 clang-18 clang-17 clang REQUIRED)
set(CMAKE_C_COMPILER "${clang}")
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_SYSROOT /usr)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
# Below the data, so that a stack too small traps instead of writing there.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-z,stack-size=262144,--stack-first")
find_program(node NAMES node nodejs)
if(node)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${node};--no-warnings;${CMAKE_CURRENT_LIST_DIR}/../../kernels/tools/wasi.mjs")
endif()

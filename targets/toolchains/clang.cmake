# The newest clang here, for what gcc lacks: libFuzzer and the memory sanitizer. Debian: clang-19 and libclang-rt-19-dev.
find_program(clang NAMES clang-21 clang-20 clang-19 clang-18 clang-17 clang REQUIRED)
set(CMAKE_C_COMPILER "${clang}")

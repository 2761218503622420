# A studio's own toolchain, to be copied and filled in: facelite build out/ --target ./our-devkit.toml --toolchain FILE.
# Console SDKs are under NDA, so nothing of theirs stands here; most of them bring a CMake toolchain file already. Then
# this file is one line, include("/path/of/the/sdk.cmake"), and what facelite wants on top of it, below.
set(CMAKE_SYSTEM_NAME Generic) # or the name that the SDK's CMake platform module has

set(CMAKE_C_COMPILER "$ENV{SDK_ROOT}/bin/sdk-clang")
set(CMAKE_AR "$ENV{SDK_ROOT}/bin/sdk-ar")
set(CMAKE_SYSROOT "$ENV{SDK_ROOT}/target")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # where a program cannot be linked outside the SDK's own projects

# Where the compiler takes other options than gcc and clang do: FACELITE_FLAGS_TIER for each tier of that processor.
# A console has one CPU, and its system does not tell what the CPU has: with the dot product in all files the library
# knows it at compile time (docs/kernels.md, Tiers).
# set(FACELITE_FLAGS_neon "-march=armv8.2-a+dotprod")
# set(FACELITE_FLAGS_neon_dotprod "-march=armv8.2-a+dotprod")
# set(CMAKE_C_FLAGS_INIT "-march=armv8.2-a+dotprod")

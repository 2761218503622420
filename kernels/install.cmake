# libfacelite, static and shared, for find_package(facelite) and pkg-config.
include(CMakePackageConfigHelpers)
set(libraries facelite)
if(TARGET facelite_shared)
    list(APPEND libraries facelite_shared)
endif()
install(TARGETS ${libraries} EXPORT facelite
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/facelite DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT facelite NAMESPACE facelite:: FILE faceliteTargets.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/facelite)

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/faceliteConfig.cmake
    "include(\"\${CMAKE_CURRENT_LIST_DIR}/faceliteTargets.cmake\")\n")
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/faceliteConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/faceliteConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/faceliteConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/facelite)

# Relative to the file itself, so that the tree may be installed, moved or packed anywhere; a folder that is absolute stays so.
foreach(folder LIBDIR INCLUDEDIR)
    set(pc_${folder} "\${prefix}/${CMAKE_INSTALL_${folder}}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}}")
        set(pc_${folder} "${CMAKE_INSTALL_${folder}}")
    endif()
endforeach()
set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    string(REGEX REPLACE "[^/]+" ".." up "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
    set(pc_prefix "\${pcfiledir}/${up}")
endif()
configure_file(facelite.pc.in ${CMAKE_CURRENT_BINARY_DIR}/facelite.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/facelite.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# What the headers declare is what a shared library or a WebAssembly module exports.
set(facelite_headers ${CMAKE_CURRENT_LIST_DIR}/include/facelite)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${facelite_headers}/facelite.h ${facelite_headers}/facelite_debug.h)

# Names of the functions that the headers declare with FACELITE_API.
function(facelite_declared result)
    set(names "")
    foreach(header IN LISTS ARGN)
        file(STRINGS ${facelite_headers}/${header} declarations REGEX "^FACELITE_API")
        foreach(declaration IN LISTS declarations)
            if(declaration MATCHES "(facelite_[a-z0-9_]+)\\(")
                list(APPEND names ${CMAKE_MATCH_1})
            endif()
        endforeach()
    endforeach()
    set(${result} ${names} PARENT_SCOPE)
endfunction()

# A module definition file for the linker of a DLL; an ELF library exports the same by visibility.
function(facelite_write_def path)
    facelite_declared(names facelite.h facelite_debug.h)
    list(JOIN names "\n    " lines)
    file(CONFIGURE OUTPUT ${path} CONTENT "EXPORTS\n    ${lines}\n" @ONLY)
endfunction()

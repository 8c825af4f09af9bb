module strangers/program

go 1.26.0

module strangers/impostor

go 1.26.0

require strangers/program v0.0.0

replace strangers/program => ../program

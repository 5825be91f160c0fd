module example.com/askpython

go 1.26.0

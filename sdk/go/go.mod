module gatehouse.dev/client

go 1.19

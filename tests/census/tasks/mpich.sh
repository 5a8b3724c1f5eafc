# passes messages between four processes
# limit: 300
printf '#include <mpi.h>\n#include <stdio.h>\nint main(int c, char** v) { int r, n, s; MPI_Init(&c, &v); MPI_Comm_rank(MPI_COMM_WORLD, &r); MPI_Comm_size(MPI_COMM_WORLD, &n); MPI_Reduce(&r, &s, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD); if (r == 0) printf("%%d of %%d\\n", s, n); MPI_Finalize(); return 0; }\n' >a.c
mpicc.mpich a.c -o p && ./p && (mpiexec.mpich -n 4 ./p || echo "status $?"); rm p

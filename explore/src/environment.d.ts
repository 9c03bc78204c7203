declare module "*?worker" {
  const WorkerClass: new () => Worker;
  export default WorkerClass;
}

// eslint-disable-next-line no-var -- the only way to declare a global
declare var MonacoEnvironment: { getWorker(id: string, label: string): Worker };

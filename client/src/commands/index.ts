export const commands: Record<string, () => Promise<void>> = {};
export async function runCLI(_args: string[]): Promise<number> { return 0; }

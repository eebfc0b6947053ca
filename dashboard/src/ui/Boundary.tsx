import { Component, type ReactNode } from 'react';
import { Failure } from './LiveTable';

/** A page that broke is said to be broken, and the rest goes on. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === null ? (
      this.props.children
    ) : (
      <Failure error={this.state.error} retry={() => this.setState({ error: null })} />
    );
  }
}

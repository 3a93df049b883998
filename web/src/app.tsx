import { QueryClientProvider } from '@tanstack/preact-query'
import { useEffect, useState } from 'preact/hooks'
import { ErrorBoundary, LocationProvider, lazy, Route, Router } from 'preact-iso'
import { queries } from './api/query.ts'
import { at, BASE_PATH } from './base.ts'
import { Toasts } from './design/toast.tsx'
import Gallery from './pages/gallery/gallery.tsx'
import NotFound from './pages/not-found.tsx'
import { Header } from './shell/header.tsx'
import { RenewSession } from './shell/renew-session.tsx'
import { text } from './text.ts'

const AssetPage = lazy(() => import('./pages/asset/asset.tsx'))
const SignIn = lazy(() => import('./pages/account/sign-in.tsx'))
const Register = lazy(() => import('./pages/account/register.tsx'))

/** The whole client: the frame of every page and the page of the address. Only the gallery is in the first load. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <LocationProvider scope={BASE_PATH || '/'}>
        <div class="shell">
          <Header />
          <Offline />
          <ErrorBoundary>
            <Router>
              <Route path={at('/')} component={Gallery} />
              <Route path={at('/a/:id')} component={AssetPage} />
              <Route path={at('/sign-in')} component={SignIn} />
              <Route path={at('/register')} component={Register} />
              <Route default component={NotFound} />
            </Router>
          </ErrorBoundary>
        </div>
        <RenewSession />
        <Toasts />
      </LocationProvider>
    </QueryClientProvider>
  )
}

/** Says that the browser has no connection. */
function Offline() {
  const [isOnline, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const update = () => setOnline(navigator.onLine)
    addEventListener('online', update)
    addEventListener('offline', update)
    return () => {
      removeEventListener('online', update)
      removeEventListener('offline', update)
    }
  }, [])
  return <div role="status">{!isOnline && <p class="offline">{text.shell.offline}</p>}</div>
}
